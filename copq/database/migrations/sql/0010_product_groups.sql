-- Which product is in which group of a grouping, from a production day on. A later row with the
-- same day takes the place of an earlier one, which stays. 'no group': in none from then on.
create table copq.group_member (
    member_id bigint generated always as identity primary key,
    plant text not null,
    grouping text not null,
    product text not null,
    product_group text not null,
    effective_from date not null,
    set_at timestamptz not null default now(),
    set_by text not null,
    source text not null,
    why text
);
create index group_member_newest
    on copq.group_member (plant, grouping, product, effective_from desc, member_id desc);

-- The days [first_day, last_day) of a product in a group; no two of one grouping overlap. Days
-- without a group have no row.
create view copq.group_days with (security_invoker = true) as
select plant, grouping, product, product_group, first_day, last_day
from (
    select
        plant, grouping, product, product_group, effective_from as first_day,
        lead(effective_from, 1, 'infinity') over (
            partition by plant, grouping, product order by effective_from) as last_day
    from (
        select distinct on (plant, grouping, product, effective_from) *
        from copq.group_member
        order by plant, grouping, product, effective_from, member_id desc
    ) as newest
) as days
where product_group <> 'no group';

-- The group of a product of a plant on a production day.
create function copq.group_of(of_plant text, in_grouping text, of_product text, on_day date) returns text
language sql stable parallel safe as $$
    select coalesce((
        select m.product_group from copq.group_member as m
        where m.plant = of_plant and m.grouping = in_grouping and m.product = of_product
            and m.effective_from <= on_day
        order by m.effective_from desc, m.member_id desc
        limit 1
    ), 'no group')
$$;

select copq.append_only('copq.group_member');
select copq.audit_table('copq.group_member');
