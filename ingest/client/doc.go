// Package client sends a district's files to a gateway and gets receipts, verdicts, dry runs and
// forms, from any program that imports it. citytally submit is such a program.
//
// A gateway that is away or takes nothing is tried again for as long as the caller says, with
// growing pauses; every call ends by then. What the gateway answers is in the types of package
// ingest, and a refusal is an [*ingest.Problem] in Chinese and English.
//
// What never happens: an upload that is stored twice because it was tried again.
package client
