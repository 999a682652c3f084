-- What qualifies a change, which areas are the reason why there is none, and which
-- areas are carried. Rows of before have none of these.

ALTER TABLE totals_data
    ADD COLUMN IF NOT EXISTS change_qualifier LowCardinality(String) COMMENT 'below, above or about: of change or, where there is none, of change_absolute',
    ADD COLUMN IF NOT EXISTS change_areas Array(String) COMMENT 'codes of the areas because of which there is no change',
    ADD COLUMN IF NOT EXISTS carried Array(String) COMMENT 'codes of the areas that are carried at an earlier stage';

ALTER TABLE releases_data
    ADD COLUMN IF NOT EXISTS change_qualifier LowCardinality(String) COMMENT 'below, above or about: of change or, where there is none, of change_absolute',
    ADD COLUMN IF NOT EXISTS change_areas Array(String) COMMENT 'codes of the areas because of which there is no change',
    ADD COLUMN IF NOT EXISTS carried Array(String) COMMENT 'codes of the areas that are carried at an earlier stage';
-- views: 648289c45d4e53841706e7b983aa7761ba61ea53972ce4dfc72c4f2e2c2ba8a6
