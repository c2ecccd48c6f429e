-- Events that cost something until now, and have no price any longer.
select event_id from repriced
where element is null and (event_id in (select event_id from batch)) is true
