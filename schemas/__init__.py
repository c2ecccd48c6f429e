"""What crosses a boundary: quality events, priced events, the rate file.

The pydantic models here are the one source; `schemas/json` and `schemas/asyncapi.json`
are generated from them (`make schemas`) and checked to be fresh.
"""
