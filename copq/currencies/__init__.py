"""Exchange rates, and the currency in which figures of several plants are added."""
