"""People sign in at an identity provider (OpenID Connect), which says who they are."""
