package judge

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// LostAcceptedError says that ACCEPTED has lost what was accepted of submissions, and that it cannot be
// brought back. ClickHouse may still have it.
type LostAcceptedError struct{ Submissions []string }

// Error names some of the submissions, and says what to do.
func (e *LostAcceptedError) Error() string { return e.text().EN }

// Chinese says the same in Chinese.
func (e *LostAcceptedError) Chinese() string { return e.text().ZH }

func (e *LostAcceptedError) text() bilingual.Text {
	named := e.Submissions[:min(len(e.Submissions), namedSubmissions)]
	return bilingual.Text{
		ZH: fmt.Sprintf("ACCEPTED 丢失了 %d 份报送中已采用的数，而 SUBMISSIONS 已没有这些报送，或其审核结果已丢失（%s）；ClickHouse 中可能是唯一的一份。能恢复的已恢复，这些的丢失未予接受："+
			"请放回含有它们的消息服务器数据备份，或请报送单位重新报送并不再恢复：citytally replay --from submissions --discard-newer，再让 ClickHouse 与日志一致：citytally replay --into clickhouse --discard-newer",
			len(e.Submissions), strings.Join(named, "、")),
		EN: fmt.Sprintf("ACCEPTED has lost what was accepted of %d submissions, which SUBMISSIONS no longer has or whose verdicts are gone (%s); ClickHouse may have the only copy of it. What could be brought back was, and the loss of these is not accepted: "+
			"put back a backup of the broker's data that has them, or have them sent again and go on without: citytally replay --from submissions --discard-newer, "+
			"and then make ClickHouse follow the log: citytally replay --into clickhouse --discard-newer", len(e.Submissions), strings.Join(named, ", ")),
	}
}

// namedSubmissions is how many submissions an error names.
const namedSubmissions = 50

// UntoldError says that ACCEPTED has lost messages of which nothing tells what they were.
type UntoldError struct{ Places []stream.Range }

// Error says what they may have been, and what to do.
func (e *UntoldError) Error() string {
	return "nothing was brought back: ACCEPTED has lost " + describeUntold(e.Places).EN +
		"; put back a backup of the broker's data or of ClickHouse that has them, or go on without: citytally replay --from submissions --discard-newer, and decide again what is to be in force"
}

// Chinese says the same in Chinese.
func (e *UntoldError) Chinese() string {
	return "未恢复任何内容：ACCEPTED 丢失了" + describeUntold(e.Places).ZH +
		"；请放回含有它们的消息服务器数据或 ClickHouse 备份，或不再恢复：citytally replay --from submissions --discard-newer，并重新作出应生效的决定"
}

func describeUntold(places []stream.Range) bilingual.Text {
	n, at := stream.Count(places), stream.FormatRanges(places[:min(len(places), namedSubmissions)])
	return bilingual.Text{
		ZH: fmt.Sprintf("%d 条消息（%s），ClickHouse 和审核结果都没有说明其内容：可能是统计局的决定（锁定、重新开放、目录和规则的启用、对待核实数据的处理、令牌的吊销），或审核结果也已丢失的数", n, at),
		EN: fmt.Sprintf("%d messages (%s) of which neither ClickHouse nor a verdict tells: decisions of the bureau (locks, reopenings, catalogues and rules in force, what was decided about held figures, revoked tokens), or figures whose verdicts are lost too", n, at),
	}
}

// untold returns those of ACCEPTED's lost places of which neither the copies nor the verdicts tell.
func (v *Validator) untold(ctx context.Context, lost []stream.Range, from *Origin) ([]stream.Range, error) {
	if len(lost) == 0 {
		return nil, nil
	}
	told := map[uint64]bool{}
	if from.Verdicts != nil {
		shown, err := from.Verdicts.ShownOf(ctx, stream.Accepted, lost)
		if err != nil {
			return nil, err
		}
		lost = stream.Subtract(lost, shown)
	}
	if from.Decisions != nil {
		copies, err := from.Decisions.Decisions(ctx)
		if err != nil {
			return nil, err
		}
		for i := range copies {
			told[copies[i].AcceptedSequence] = true
		}
	}
	err := v.eachVerdict(ctx, func(verdict *event.Verdict) { told[verdict.AcceptedSequence] = true })
	return stream.Subtract(lost, stream.RangesOf(slices.Sorted(maps.Keys(told)))), err
}

// lostSubmissions returns the ids of the submissions of which rows were accepted in lost places of
// ACCEPTED, as the copies and the verdicts tell, and of which ACCEPTED has none elsewhere.
func (v *Validator) lostSubmissions(ctx context.Context, lost []stream.Range, copies VerdictCopies) ([]string, error) {
	if len(lost) == 0 {
		return nil, nil
	}
	type place struct {
		sequence uint64
		id       string
	}
	stored := map[place]bool{}
	if copies != nil {
		copied, err := copies.AcceptedIn(ctx, lost)
		if err != nil {
			return nil, err
		}
		for sequence, id := range copied {
			stored[place{sequence, id}] = true
		}
	}
	err := v.eachVerdict(ctx, func(verdict *event.Verdict) {
		at := stream.Range{From: verdict.AcceptedSequence, To: verdict.AcceptedSequence}
		if !verdict.Repeated && verdict.Accepted+verdict.Held > 0 && len(stream.Intersect([]stream.Range{at}, lost)) > 0 {
			stored[place{verdict.Sequence, verdict.Submission}] = true
		}
	})
	if err != nil {
		return nil, err
	}
	if err := v.catchUp(ctx); err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for of := range stored {
		if _, kept := v.ledger.Accepted(of.id, of.sequence); !kept {
			ids[of.id] = true
		}
	}
	return slices.Sorted(maps.Keys(ids)), nil
}

// eachVerdict calls use with the verdicts that VERDICTS has.
func (v *Validator) eachVerdict(ctx context.Context, use func(*event.Verdict)) error {
	reading, atEnd := context.WithCancel(ctx)
	defer atEnd()
	err := v.log.Follow(reading, stream.FollowConfig{Stream: stream.Verdicts}, func(d stream.Delivery) error {
		verdict := &event.Verdict{}
		if json.Unmarshal(d.Body, verdict) == nil { // what cannot be read is a letter
			use(verdict)
		}
		return nil
	}, atEnd)
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}
