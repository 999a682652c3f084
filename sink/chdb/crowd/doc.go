// Package crowd bounds what many clients at once take of the embedded ClickHouse.
//
// [Readers] bounds how many connections and requests belong to users who only read;
// [Logins] slows down who fails to log in again and again.
package crowd
