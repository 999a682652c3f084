-- What a total would be with what is held has a qualifier. release_changes subtracts no totals in different
-- units, and names no area for a figure that another catalogue has in another unit.

ALTER TABLE totals_data
    ADD COLUMN IF NOT EXISTS qualifier_with_held LowCardinality(String),
    ADD COLUMN IF NOT EXISTS change_qualifier_with_held LowCardinality(String);

ALTER TABLE releases_data
    ADD COLUMN IF NOT EXISTS qualifier_with_held LowCardinality(String),
    ADD COLUMN IF NOT EXISTS change_qualifier_with_held LowCardinality(String);

-- views: 286f6e7d3e3d16375b16ddca6a6526dde56a79672dcae0a06049b5d5c9b6682f
