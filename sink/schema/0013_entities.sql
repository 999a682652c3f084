-- Rows that list an entity stand among the observations, each under the entity's code, and
-- indicators and datasets say whether they take such rows. Rows of before have no entity.

ALTER TABLE observations_data
    ADD COLUMN IF NOT EXISTS entity String COMMENT 'unified social credit code of the entity that the row lists; empty for a figure',
    ADD COLUMN IF NOT EXISTS entity_name String COMMENT 'name of the entity',
    ADD COLUMN IF NOT EXISTS valid_from Nullable(Date32) COMMENT 'first day on which the entity counts; NULL is unbounded',
    ADD COLUMN IF NOT EXISTS valid_to Nullable(Date32) COMMENT 'last day on which the entity counts; NULL is unbounded',
    ADD COLUMN IF NOT EXISTS registered_area LowCardinality(String) COMMENT 'code of the area of its registered address; empty is not said',
    ADD COLUMN IF NOT EXISTS listed_since UInt64 COMMENT 'place in SUBMISSIONS from which on the area has listed it',
    MODIFY ORDER BY (indicator, period, area, sequence, entity);

ALTER TABLE indicators_data
    ADD COLUMN IF NOT EXISTS counts_for LowCardinality(String);

ALTER TABLE datasets_data
    ADD COLUMN IF NOT EXISTS rows LowCardinality(String);

-- views: be7ade5d63eee9f4c9201eaf227c1871b2486d04f13b13c581048d4f7b74e890
