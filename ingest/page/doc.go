// Package page is what a district sees in a browser: it signs in with its token, drops a
// file, looks at what the file was taken for, sends it, and reads the verdict. It explains what
// is held, and the bureau decides about that.
//
// In come requests of browsers; out go pages in Chinese and English, written on the server
// from the templates in this package. A page loads its style and its script from the gateway
// and nothing from elsewhere, and works without the script. The gateway is reached through
// the small interfaces in gateway.go: the package judges nothing and stores nothing.
//
// A session is kept in memory: a random id in a cookie, the fingerprint of the token, and the
// files that were looked at and not sent yet. Every request asks anew whether the token is in
// force. A restart of the gateway ends the sessions.
//
// What never happens: the secret of a token is kept; a session id that a browser brought is
// taken over; text of a file reaches a page unescaped, or turns its direction of writing; a
// GET changes anything.
package page
