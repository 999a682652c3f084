// Package crowd keeps a listener open to those who may write while others hold
// all the connections they can get.
//
// In comes a [net.Listener]; out goes a [Listener] with a bounded number of
// connections. When it is full, the oldest connection whose client is not known
// gives way to the newest, so whoever can say who it is always gets in. A server
// marks a connection with [Conn.Know], and bounds with [Readers] how many of
// those belong to users who only read.
package crowd
