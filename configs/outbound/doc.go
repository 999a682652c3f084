// Package outbound is how the program goes to addresses that its settings name, over HTTP.
//
// What never happens: a request goes to an address of this machine, or to one under which a
// cloud tells machines their secrets, unless the settings allow it there, whatever a name
// resolves to; a redirect leads to another origin; a proxy of the environment is used; an error
// quotes an address with what it may hold. Private networks are no such addresses: the
// bureau's own systems are there.
package outbound
