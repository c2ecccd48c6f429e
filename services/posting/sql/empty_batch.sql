truncate batch
