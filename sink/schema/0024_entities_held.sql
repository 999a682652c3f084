-- What is held of a list is held by entity: a row about one ends none about another. The reason
-- HELD_MEMBER is told as such.

ALTER TABLE holds_data
    ADD COLUMN IF NOT EXISTS entity String COMMENT 'unified social credit code of the entity that the row lists; empty for a figure';

-- views: 3feb7a371ceeb63788f80cc5dd653b5024f59562185a087d6a45e9c28bae10c4
