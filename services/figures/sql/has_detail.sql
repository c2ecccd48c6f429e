-- Whether an entry of the plant $1 and line $2 has the name $4 in the column $3.
select exists (
    select from copq.ledger
    where ($1::text is null or plant = $1)
        and ($2::text is null or line = $2)
        and case $3::text
            when 'stage' then stage when 'defect_code' then defect_code else work_unit
        end = $4::text)
