-- What is owed for a part of the year is met by the year to its end: a quarter by 1-9月. The view
-- coverage changes, and no table.

-- views: 56bce5267adeac64c693f0ca5939bab53d0b1abb832ad66f4574dd44380fea6c
