-- Events stay as they came, but for this transaction: it may drop their bytes.
select set_config('copq.dropping', 'payloads', true)
