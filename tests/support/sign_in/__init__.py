"""An identity provider in the test's own process, which can also answer wrongly."""
