// Package access is what the broker lets whom do.
//
// In go the users' secrets ([credentials.Store]); out come [Text], the accounts of a NATS
// server in its own configuration language, for the embedded broker and for a cluster alike,
// and [Login], the options by which a connection is made as one of the users.
//
// The account CORE has the streams, and one user for each stage, for the operator and for the
// administrator; each may publish on the subjects of its work alone, and receives answers below
// an inbox prefix of its own.
//
// What never happens: a connection without credentials gets an answer; one user reads the
// answers of another.
//
// Permissions within one account are no boundary against a user who means harm: the broker
// itself publishes its answer on whatever reply subject a request names.
package access
