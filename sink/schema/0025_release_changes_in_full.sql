-- release_changes has a row for every total of which anything differs, as citytally release diff has, and
-- figures tells what is held for another period as held. No table changes.

-- views: 174c414620545c20e027ae9729fd3f90a33782f20345455a63c8d6bfdd7a1ba3
