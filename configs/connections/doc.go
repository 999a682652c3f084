// Package connections keeps a listener open to those who are known while others hold
// all the connections they can get.
//
// In comes a [net.Listener]; out goes a [Listener] with a bounded number of
// connections. When it is full, the oldest connection whose client is not known
// gives way to the newest, so whoever can say who it is always gets in. A server
// marks a connection with [Conn.Know], or with [Conn.KnowAs] where one client
// alone could hold them all.
package connections
