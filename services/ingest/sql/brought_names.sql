select sent_by, kind, name from copq.brought_name
