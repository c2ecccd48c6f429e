"""The supervisor's form: the events of a period for one product, entered by a person."""
