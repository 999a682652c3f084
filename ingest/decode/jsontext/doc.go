// Package jsontext looks at the text of JSON without decoding it.
//
// In goes a text; out comes where a value ends, how many elements its lists have, where an offset
// lies as editors count, and what a place that is no JSON was probably meant for.
package jsontext
