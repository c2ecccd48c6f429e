// Shows below each number how it is understood, as it is typed. The service reads numbers by the
// same rules (copq/ingest/form/numbers.py) and decides.
"use strict";
const AMBIGUOUS = /^[1-9]\d{0,2}[.,]\d{3}$/;
const SHAPES = [
  /^\d+([.,]\d+)?$/, /^\d{1,3}( \d{3})+([.,]\d+)?$/, /^\d{1,3}('\d{3})+([.,]\d+)?$/,
  /^\d{1,3}(\.\d{3})+(,\d+)?$/, /^\d{1,3}(,\d{3})+(\.\d+)?$/, /^\d{1,2}(,\d{2})+,\d{3}(\.\d+)?$/,
];
const locale = navigator.language;
const shown = (digits, mark) => {
  const at = mark < 0 ? digits.length : mark;
  const whole = digits.slice(0, at).replace(/^0+(?=\d)/, "");
  const part = digits.slice(at).replace(/0+$/, "");
  const point = new Intl.NumberFormat(locale).format(1.5)[1];
  return [whole, part ? point + part : ""];
};
function read(text) {
  const plain = text.trim().replace(/\s/g, " ").replace(/\u2019/g, "'");
  if (!plain) return ["", false];
  const digits = plain.replace(/\D/g, "");
  if (AMBIGUOUS.test(plain)) {
    const [whole, part] = shown(digits, digits.length - 3);
    const small = whole + part + (part.length > 3 ? "0" : "");
    return [`${digits} or ${small}? Write ${digits}, or ${small}`, true];
  }
  const shape = SHAPES.findIndex((each) => each.test(plain));
  if (shape < 0) return ["Write a number such as 1250 or 12.5", true];
  if (/^\d{1,3}$/.test(plain)) return ["", false];
  const last = Math.max(plain.lastIndexOf("."), plain.lastIndexOf(","));
  const groups = shape === 3 ? !plain.includes(",") : shape > 3 ? !plain.includes(".") : false;
  const [whole, part] = shown(digits, last < 0 || groups ? -1 : digits.length - (plain.length - last - 1));
  return [`= ${BigInt(whole).toLocaleString(locale)}${part}`, false];
}
for (const output of document.querySelectorAll("output.read")) {
  const input = document.getElementById(output.htmlFor.value);
  const tell = () => {
    const [text, wrong] = read(input.value);
    output.textContent = text;
    output.classList.toggle("fault", wrong);
  };
  input.addEventListener("input", tell);
  window.addEventListener("pageshow", tell);
  tell();
}
