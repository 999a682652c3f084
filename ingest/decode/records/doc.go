// Package records reads JSON as other programs write it, as the rows of a table.
//
// In goes a text: a list of objects, a document that holds one somewhere ({"data":{"records":[…]}},
// DHIS2's dataValueSets), an object alone, or one in each line. Out come rows, an object each, below
// a header of the fields' names, which package header reads as it reads any other. What stands once
// for all objects, outside of the list (period, orgUnit), is a column like the others.
//
// What never happens: one of two lists is chosen, what stands outside overrules what an object says,
// or digits of a number are lost.
package records
