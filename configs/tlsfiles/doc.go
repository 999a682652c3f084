// Package tlsfiles is TLS from PEM files: for the servers of this program, which read the files
// again when they change, and for its connections to servers.
//
// In go the names of files; out come [crypto/tls.Config] for listeners and for clients.
//
// What never happens: a listener is closed because a certificate changes; a file that cannot be
// used takes the place of one that can; less than TLS 1.2 is spoken.
package tlsfiles
