// The description of the API, by Swagger UI, in the browser's own scheme.
"use strict";
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
follow();
dark.addEventListener("change", follow);
const place = document.getElementById("swagger-ui");
if (globalThis.SwaggerUIBundle) {
  SwaggerUIBundle({
    url: place.dataset.document, domNode: place, deepLinking: true, layout: "BaseLayout",
    presets: [SwaggerUIBundle.presets.apis], showExtensions: true, showCommonExtensions: true,
  });
} else {
  place.textContent = "A part of this page did not load. Reload the page.";
}
