// Package divide parts a submission that is larger than a message.
//
// In go its rows, one by one; out come parts of about the same size. Rows of one year are in one
// part or in consecutive ones, the years in their order.
//
// What never happens: two parts report the same figure.
package divide
