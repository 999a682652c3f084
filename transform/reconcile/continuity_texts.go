package reconcile

import (
	"fmt"

	"github.com/citytally/citytally/ingest/stream"
)

// String says what diverges, which side is the poorer, and what to do.
func (d *Divergence) String() string {
	discard := "put back the broker's data that ClickHouse was filled from, or accept the loss and make ClickHouse follow the log: citytally replay --into clickhouse --discard-newer"
	const fromSubmissions = "citytally replay --from submissions"
	if d.Stream == stream.Accepted {
		discard = "put back the broker's data that ClickHouse was filled from, or bring back first what the submissions, the verdicts and ClickHouse still tell: " + fromSubmissions +
			"; then make ClickHouse follow the log, which names what is lost: citytally replay --into clickhouse --discard-newer"
	}
	waits := "the sink waits, so that nothing is overwritten"
	if d.StopsIntake() {
		waits = "nothing is taken in, judged or stored until this is decided, so that nothing is overwritten"
	}
	switch {
	case d.Kind == Gone:
		return fmt.Sprintf("the broker has no stream %s: its files were removed, or somebody deleted it; put back the newest copy of the broker's data, "+
			"or start citytally again (with a broker of your own: citytally setup), which creates it anew; what can be brought back is told then", d.Stream)
	case d.Kind == Unreadable:
		waits = "until this is decided nothing is taken out of ClickHouse, which may have the only copy"
		if d.StopsTransform() {
			waits = "nothing is judged and totalled, and nothing is taken out of ClickHouse, until this is decided"
		}
		return fmt.Sprintf("%s has lost %d of its messages (%s) to damage of the broker's files: the log is the poorer side; %s; "+
			"put back the newest copy of the broker's data, or bring back what the submissions and ClickHouse still tell: %s", d.Stream, d.Known, d.Detail, waits, fromSubmissions)
	case d.Kind == WrittenOver:
		return fmt.Sprintf("SUBMISSIONS had lost its end, and went on in the places of %d submissions that had been judged (%s): what was accepted of these and their verdicts are still there, and only what was sent is not as it came; "+
			"put back the newest copy of the broker's data, or go on without: %s", d.Known, d.Detail, fromSubmissions)
	case d.Kind == Anew && d.Stream == stream.Verdicts:
		return "VERDICTS was lost and created anew: it is the poorer side, receipts do not find what was decided before; nothing is judged and totalled until this is decided; " +
			"put back the newest copy of the broker's data, or bring back what ClickHouse, the submissions and ACCEPTED still tell: " + fromSubmissions
	case d.Stream == stream.Releases && d.MendsBySubmissions():
		return "RELEASES has lost releases, and ClickHouse may have the only copy of them: RELEASES is the poorer side; the sink waits, so that nothing is overwritten; " +
			"put back the newest copy of the broker's data, or bring the releases back from ClickHouse's copy: " + fromSubmissions
	case besides[d.Stream] != "" && d.Kind == Anew:
		return fmt.Sprintf("%s was lost and created anew: %s; put back the newest copy of the broker's data, or go on without: %s", d.Stream, besides[d.Stream], fromSubmissions)
	case besides[d.Stream] != "" && d.Kind == TailLost:
		return fmt.Sprintf("%s has lost its end, for SUBMISSIONS tells of more (%d), or an older copy was put back: %s; put back the newest copy of the broker's data, or go on without: %s", d.Stream, d.Known, besides[d.Stream], fromSubmissions)
	case d.Kind == Anew:
		return fmt.Sprintf("%s was lost and created anew: what was sent up to message %d is no longer there as it came, what was accepted of it and the verdicts are; "+
			"put back the newest copy of the broker's data, or go on without: %s", d.Stream, d.Known, fromSubmissions)
	case d.Kind == VerdictsLost:
		return fmt.Sprintf("VERDICTS has lost its end, and ClickHouse has the verdict on message %d of SUBMISSIONS: VERDICTS is the poorer side; %s; "+
			"bring the verdicts back from ClickHouse's copy: %s", d.Known, waits, fromSubmissions)
	case d.Kind == VerdictsMoved:
		return fmt.Sprintf("VERDICTS ends at message %d and ClickHouse has verdicts of message %d, which VERDICTS has at other places; citytally recompute makes ClickHouse follow", d.Last, d.Known)
	case d.Kind == TailLost && d.Holder == ClickHouse && d.Stream == stream.Totals:
		return fmt.Sprintf("TOTALS ends at message %d and ClickHouse has totals of message %d: TOTALS has lost its end, or somebody wrote to ClickHouse; "+
			"citytally recompute drops them and computes what the log says", d.Last, d.Known)
	case d.Kind == TailLost && d.Holder == ClickHouse:
		return fmt.Sprintf("%s ends at message %d and ClickHouse has rows of message %d: the log is the poorer side, it has lost its end or an older copy was put back; "+
			"%s; %s", d.Stream, d.Last, d.Known, waits, discard)
	case d.Kind == Replaced:
		return fmt.Sprintf("message %d of %s %s: ClickHouse was filled from another log, or the log went on after an older copy was put back; "+
			"%s; %s", d.Known, d.Stream, d.Detail, waits, discard)
	case d.Kind == Behind:
		return fmt.Sprintf("ClickHouse has rows of %s up to message %d, and had confirmed message %d: ClickHouse is the poorer side, its data was lost or an older copy was put back; "+
			"fill it from the log: citytally replay --into clickhouse", d.Stream, d.Last, d.Known)
	}
	if d.Kind == TailLost && d.Stream == stream.Accepted {
		return fmt.Sprintf("ACCEPTED ends at message %d, and %s has a message made from message %d of it: its end is lost, or somebody has forged the other message; "+
			"%s; put back the newest copy of the broker's data, or bring back first what the submissions, the verdicts and ClickHouse still tell: %s; what is told after that names the next step", d.Last, d.Holder, d.Known, waits, fromSubmissions)
	}
	if d.Kind == TailLost && d.Stream == stream.Submissions {
		return fmt.Sprintf("SUBMISSIONS ends at message %d, and %s has a message made from message %d of it: its end is lost, or somebody has forged the other message; "+
			"%s; put back the newest copy of the broker's data, or go on without: what was accepted and the verdicts are still there, and only what was sent is not as it came: %s", d.Last, d.Holder, d.Known, waits, fromSubmissions)
	}
	if d.Kind == TailLost {
		return fmt.Sprintf("%s ends at message %d, and %s has a message made from message %d of it: its end is lost, or somebody has forged the other message; "+
			"put back the newest copy of the broker's data", d.Stream, d.Last, d.Holder, d.Known)
	}
	return fmt.Sprintf("%s is kept for ever and lacks its first %d of %d messages: it was created anew or damaged; nothing is judged and totalled until this is decided; "+
		"put back the newest copy of the broker's data, or bring back what the submissions in the log still tell: %s", d.Stream, d.Known, d.Last, fromSubmissions)
}

// besides says, of the streams that no figure is made from again, what is lost with them and what to do
// about it.
var besides = map[string]string{
	stream.Direct:    "what districts published to the broker and was not taken in yet is lost; have those publish again to whom no verdict came",
	stream.Commands:  "jobs that were asked for and not carried out yet are lost; ask for them again (citytally recompute), schedules go on with their next slot",
	stream.Dead:      "messages that were put aside are no longer listed, and messages that a person had passed over stop their stage again; the messages themselves are in their streams",
	stream.Tokens:    "tokens that were issued let nobody in; issue them anew (citytally token create). Revoked ones stay revoked, by ACCEPTED",
	stream.Schedules: "schedules that were paused are not any more, and reminders that were sent may be sent once more; pause again what is to be (citytally schedule pause)",
	stream.Sources:   "what became of the sources that are fetched is not known; they are fetched again, which changes nothing twice",
	stream.Originals: "files that were uploaded cannot be given out as they came; verdicts and figures are as they were",
}
