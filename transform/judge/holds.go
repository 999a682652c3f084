package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
	"github.com/citytally/citytally/transform/ledger"
)

// HoldAct is what a person says or decides about held figures.
type HoldAct struct {
	// Kind is ExplainHeld, ReleaseHeld or RefuseHeld.
	Kind event.DecisionKind
	// Holds are the figures; where there are none, Submission is the id of the submission of
	// which all that are held are meant.
	Holds      []event.HoldID
	Submission string
	// Area is the only one whose figures the person may see; "" is all.
	Area string
	// Text is the explanation, or the reason of the decision.
	Text   string
	Person event.Person
}

const (
	// maxExplanations bounds what is said about one held figure, and maxHoldsAtOnce how many
	// one act is about.
	maxExplanations = 20
	maxHoldsAtOnce  = 100_000
)

// DecideHold puts on record what a person says or decides about held figures, by the ledger,
// which the caller keeps up to date, and returns them as they are afterwards. An explanation
// releases those that the district releases. All is on record or nothing; the error of an act
// that is refused is a [*inquiry.HoldProblem]. What the same person has said or decided in the same
// words before stays as it is on record, and is not put there again.
func DecideHold(ctx context.Context, log *stream.Log, l *ledger.Ledger, act HoldAct, now func() time.Time) ([]*ledger.Hold, error) {
	if problem := act.check(); problem != nil {
		return nil, problem
	}
	for {
		last, err := log.LastSequence(ctx, stream.Accepted)
		if err != nil {
			return nil, err
		}
		if err := l.Wait(ctx, last); err != nil {
			return nil, err
		}
		after := l.LastOnSubject(DecisionSubject) // before the holds are read
		holds, err := act.find(l)
		if err != nil {
			return nil, err
		}
		open := slices.DeleteFunc(slices.Clone(holds), act.isOnRecord)
		if len(open) == 0 {
			return holds, nil
		}
		bodies, err := act.encode(open, now(), int(log.MaxMessage())-headerBytes)
		if err != nil {
			return nil, err
		}
		messages := make([]stream.Message, len(bodies))
		for i, body := range bodies {
			messages[i] = stream.Message{Subject: DecisionSubject, Body: body}
		}
		messages[0].ExpectLast = &after
		published, err := log.Publish(ctx, messages...)
		if errors.Is(err, stream.ErrConflict) {
			continue // somebody else has decided something meanwhile
		}
		if err != nil {
			return nil, err
		}
		if err := l.Wait(ctx, published[len(published)-1].Sequence); err != nil {
			return nil, err
		}
		for i, h := range holds {
			holds[i] = l.Hold(h.ID)
		}
		return holds, nil
	}
}

func refusal(code, zh, en string) *inquiry.HoldProblem {
	return &inquiry.HoldProblem{Code: code, ZH: zh, EN: en}
}

// check reports what is wrong with the act whatever it is about.
func (a *HoldAct) check() error {
	if !a.Person.Identified() {
		return errors.New("nobody is known to have said or decided this")
	}
	may := a.Person.Role == string(token.Bureau) || a.Person.Role == event.RoleOperator
	if a.Kind == event.ExplainHeld {
		may = may || a.Person.Role == string(token.District)
	}
	if !may {
		return refusal(inquiry.HoldNotYours, "待核实数据由市级核准或退回；区县可以说明情况", "held figures are released and refused by the bureau; a district explains them")
	}
	switch r, found := event.ControlIn(a.Text, "\n"); {
	case strings.TrimSpace(a.Text) == "":
		return refusal(inquiry.HoldText, "请填写说明或理由，供日后查考", "say why, for those who ask later")
	case len(a.Text) > maxReason:
		return refusal(inquiry.HoldText, fmt.Sprintf("文字过长：%d 字节，最多 %d 字节", len(a.Text), maxReason), fmt.Sprintf("the text has %d bytes and may have %d", len(a.Text), maxReason))
	case found:
		return refusal(inquiry.HoldText, fmt.Sprintf("请去掉控制字符 %U", r), fmt.Sprintf("take the control character %U out", r))
	}
	return nil
}

// find returns the figures that the act is about, by id. All of them can be acted on.
func (a *HoldAct) find(l *ledger.Ledger) ([]*ledger.Hold, error) {
	var holds []*ledger.Hold
	if len(a.Holds) == 0 {
		holds = l.Holds(func(h *ledger.Hold) bool { return h.Submission.String() == a.Submission })
		concerns := func(h *ledger.Hold) bool { return h.State == ledger.HoldPending || a.isOnRecord(h) }
		if slices.ContainsFunc(holds, concerns) {
			holds = slices.DeleteFunc(holds, func(h *ledger.Hold) bool { return !concerns(h) })
		}
	}
	seen := make(map[event.HoldID]bool, len(holds))
	for _, h := range holds {
		seen[h.ID] = true
	}
	for _, id := range a.Holds {
		h := l.Hold(id)
		if h == nil || a.Submission != "" && h.Submission.String() != a.Submission || a.Area != "" && h.Area != a.Area {
			return nil, UnknownHold(id.String())
		}
		if !seen[h.ID] {
			holds = append(holds, a.withItsList(l, h)...)
		}
		for _, h := range holds[len(seen):] {
			seen[h.ID] = true
		}
	}
	if len(holds) == 0 || a.Area != "" && holds[0].Area != a.Area { // a submission is of one area
		return nil, UnknownHold(event.Excerpt(a.Submission, maxName))
	}
	if len(holds) > maxHoldsAtOnce {
		return nil, refusal(inquiry.HoldText, fmt.Sprintf("一次最多处理 %d 项", maxHoldsAtOnce), fmt.Sprintf("at most %d held figures at once", maxHoldsAtOnce))
	}
	for _, h := range holds {
		if err := a.checkHold(h, l.Catalogue().Zone()); err != nil {
			return nil, err
		}
	}
	return holds, nil
}

// withItsList returns what is held together: a figure alone, and a row of a list with all rows of
// its submission, in however many parts, and cell that the act can be about, since a list is held for its count.
func (a *HoldAct) withItsList(l *ledger.Ledger, h *ledger.Hold) []*ledger.Hold {
	if h.Entity == nil {
		return []*ledger.Hold{h}
	}
	return l.Holds(func(g *ledger.Hold) bool {
		return g.ID == h.ID || g.Submission.Whole() == h.Submission.Whole() && g.Cell == h.Cell && (g.State == ledger.HoldPending || a.isOnRecord(g))
	})
}

// UnknownHold is the error of an act about what is not held.
func UnknownHold(names string) *inquiry.HoldProblem {
	return refusal(inquiry.HoldUnknown, fmt.Sprintf("没有编号为 %s 的待核实数据，或不属于本地区；请对照待核实数据列表", names),
		fmt.Sprintf("nothing is held as %s, or it is another area's; the list of held figures has what is", names))
}

// isOnRecord reports whether the same person has said or decided the same of a figure before.
func (a *HoldAct) isOnRecord(h *ledger.Hold) bool {
	same := func(s ledger.Statement) bool { return s.Text == a.Text && s.Person == a.Person }
	switch a.Kind {
	case event.ReleaseHeld:
		return h.State == ledger.HoldReleased && h.Decision != nil && same(*h.Decision)
	case event.RefuseHeld:
		return h.State == ledger.HoldRefused && h.Decision != nil && same(*h.Decision)
	}
	return slices.ContainsFunc(h.Explanations, same)
}

// checkHold reports why the act cannot be about a figure; times are told in a zone.
func (a *HoldAct) checkHold(h *ledger.Hold, zone *time.Location) error {
	switch {
	case a.isOnRecord(h):
	case h.State == ledger.HoldSuperseded:
		return refusal(inquiry.HoldEnded, fmt.Sprintf("待核实数据 %s 已被其后的报送（序号 %d）取代，不再需要说明或核准", h.ID, h.Successor),
			fmt.Sprintf("%s is no longer held: submission number %d has taken its place", h.ID, h.Successor))
	case h.State != ledger.HoldPending:
		zh, en := "采用", "released"
		if h.State == ledger.HoldRefused {
			zh, en = "退回", "refused"
		}
		return refusal(inquiry.HoldDecided, fmt.Sprintf("待核实数据 %s 已由 %s 于 %s %s：%s", h.ID, h.Decision.Person.Name, h.Decision.At.In(zone).Format("2006-01-02 15:04"), zh, h.Decision.Text),
			fmt.Sprintf("%s was %s by %s at %s: %s", h.ID, en, h.Decision.Person, h.Decision.At.In(zone).Format("2006-01-02 15:04"), h.Decision.Text))
	case a.Kind == event.ExplainHeld && len(h.Explanations) >= maxExplanations:
		return refusal(inquiry.HoldExplained, fmt.Sprintf("待核实数据 %s 已有 %d 条说明，请等待市级核准", h.ID, maxExplanations), fmt.Sprintf("%s has %d explanations already; the bureau decides", h.ID, maxExplanations))
	}
	return nil
}

// encode returns the messages that put the act on record, each of at most maxBody bytes.
func (a *HoldAct) encode(holds []*ledger.Hold, now time.Time, maxBody int) ([][]byte, error) {
	body, err := event.EncodeAccepted(a.batch(holds, now))
	if err != nil {
		return nil, err
	}
	if n := len(holds); len(body) > maxBody && n > 1 {
		first, err := a.encode(holds[:n/2], now, maxBody)
		if err != nil {
			return nil, err
		}
		second, err := a.encode(holds[n/2:], now, maxBody)
		return append(first, second...), err
	}
	return [][]byte{body}, nil
}

// batch returns the decisions about held figures, which are in the order of their submissions,
// with the rows that are released.
func (a *HoldAct) batch(holds []*ledger.Hold, now time.Time) *event.AcceptedBatch {
	batch := &event.AcceptedBatch{}
	decide := func(kind event.DecisionKind, of []*ledger.Hold) {
		if len(of) == 0 {
			return
		}
		d := event.Decision{
			Kind: kind, Area: of[0].Area, Submission: of[0].Submission.String(), Sequence: of[0].Sequence,
			Reason: a.Text, By: a.Person.Name, At: now.UnixMilli(), Person: a.Person,
		}
		for _, h := range of {
			d.Rows = append(d.Rows, uint32(h.ID.Row))
		}
		batch.Decisions = append(batch.Decisions, d)
		if kind == event.ReleaseHeld {
			batch.Submissions = append(batch.Submissions, releasedRows(of, now))
		}
	}
	for len(holds) > 0 {
		n := slices.IndexFunc(holds, func(h *ledger.Hold) bool { return h.Sequence != holds[0].Sequence })
		if n < 0 {
			n = len(holds)
		}
		of := holds[:n]
		decide(a.Kind, of)
		if a.Kind == event.ExplainHeld {
			decide(event.ReleaseHeld, slices.DeleteFunc(slices.Clone(of), func(h *ledger.Hold) bool { return h.Releaser != event.ByDistrict }))
		}
		holds = holds[n:]
	}
	return batch
}

// releasedRows returns held rows of one submission as accepted ones.
func releasedRows(of []*ledger.Hold, now time.Time) event.AcceptedSubmission {
	h := of[0]
	s := event.AcceptedSubmission{
		ID: h.Submission.String(), Area: h.Area, Dataset: h.Dataset, Sequence: h.Sequence, ReceivedAt: now.UnixMilli(),
		Via: h.Via, By: h.By, File: h.File, Reason: h.Reason, Released: true,
	}
	for _, h := range of {
		s.Add(event.AcceptedObservation{
			Indicator: h.Cell.Indicator, Unit: h.Unit, Period: h.Cell.Period, Value: h.Value, Stage: h.Stage, Status: h.Status, Qualifier: h.Qualifier,
			Row: h.ID.Row, Raw: h.Raw, Note: h.Note, Epoch: h.Epoch, Entity: h.Entity,
		})
	}
	return s
}
