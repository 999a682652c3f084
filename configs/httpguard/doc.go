// Package httpguard keeps web pages in a person's browser from using the HTTP servers of this
// program.
//
// A request comes in; out comes nil, or a [Refusal] where a browser sends the request for a page
// of another site, or under a name that is not the server's own (DNS rebinding). Methods and
// credentials make no difference, and programs that are no browsers notice nothing, as long as
// they call the server by a name it knows. The guard never changes a request and never answers
// one: each server words its own refusals.
package httpguard
