"""What crosses a boundary: quality events, priced events, the rate file.

The pydantic models here are the one source; `copq/schemas/json` and `copq/schemas/asyncapi.json`
are generated from them (`make schemas`) and checked to be fresh.
"""
