-- Events stay as received, but for this transaction: it may drop their bytes.
select set_config('copq.dropping', 'payloads', true)
