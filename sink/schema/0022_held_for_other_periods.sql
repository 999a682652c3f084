-- total_parts tells what is held for other periods, of areas that joined others within the year and
-- of the parts of ratios, where a total says that it would be another one with it. No table changes.

-- views: 5473ba7bdb8014c1ba1be42c2051ba43ff5d2d869d371ff80e8cfa54facac37d
