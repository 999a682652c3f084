-- What a total would be with what is held has a qualifier. release_changes subtracts no totals in different
-- units, and names no area for a figure that another catalogue has in another unit.

ALTER TABLE totals_data
    ADD COLUMN IF NOT EXISTS qualifier_with_held LowCardinality(String),
    ADD COLUMN IF NOT EXISTS change_qualifier_with_held LowCardinality(String);

ALTER TABLE releases_data
    ADD COLUMN IF NOT EXISTS qualifier_with_held LowCardinality(String),
    ADD COLUMN IF NOT EXISTS change_qualifier_with_held LowCardinality(String);

-- views: e3b1688870c7d8059649f77831636b055391ae39feec9b1ebb82fadd7fdac811
