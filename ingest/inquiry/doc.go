// Package inquiry is what gateways ask the transform stage, which has the ledger: what
// would become of an upload, before it is stored; an area's figures in force and their
// history; the city's totals; which figures are held. And it is how what people say and
// decide about held figures reaches the log.
//
// A question goes over the broker to one of the processes with a transform stage, in JSON,
// and is answered from its ledger at one place of the log, which the answer names. Package
// transform/respond answers.
//
// What never happens: a question or an answer that is stored, or a question that changes
// anything.
package inquiry
