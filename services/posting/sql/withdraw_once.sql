insert into copq.withdrawn (event_id) values ($1) on conflict do nothing
