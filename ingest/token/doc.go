// Package token knows who may use the gateways.
//
// A secret that a client presents comes in; out comes its [Holder], or why there is none. Tokens
// are issued into a bucket of the broker, which every gateway follows, or stand in a file that one
// gateway reads ([File]). A token that is in both is in force when neither has ended it.
//
// A secret is never kept, but for the plain ones that a file may hold: the rest is its SHA-256,
// which is as hard to turn back as 256 random bits are to guess. Nobody gets in whose token may
// have been revoked without this process knowing.
package token
