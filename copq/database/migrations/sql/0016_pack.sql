-- Which packs for management reviews were sent, so that none is sent twice: by the name of the
-- delivery, plant and month, and by the way, which is mail or a folder. Who sends claims the row
-- first, until `claimed_until`; a claim that ran out was of a service that died. A row without a
-- claim was due and waits. `digest` is of what was sent, `attempts` counts the claims, `fault` is that
-- of the last attempt that failed, or names whom the server refused for good; `sent_to` are those who
-- have it, also while others wait for another attempt.
create table copq.pack_sent (
    delivery text not null,
    plant text not null,
    month date not null check (extract(day from month) = 1),
    way text not null check (way in ('mail', 'folder')),
    claimed_until timestamptz not null,
    attempts int not null default 1,
    sent_at timestamptz,
    sent_to text,
    digest text,
    fault text,
    primary key (delivery, plant, month, way),
    check ((sent_at is null) = (digest is null))
);
