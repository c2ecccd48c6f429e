"""The supervisor's form: what happened in a period, entered by a person, for one product."""
