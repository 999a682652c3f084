package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// DecisionCopies are the bureau's decisions that something beside the log still has: ClickHouse.
type DecisionCopies interface {
	// Decisions returns them in the order of their places in ACCEPTED.
	Decisions(ctx context.Context) ([]DecisionCopy, error)
	// DropDecisions drops the copies of decisions at their places, which the log now has at others.
	DropDecisions(ctx context.Context, moved []DecisionCopy) error
}

// DecisionCopy is a decision with its place in ACCEPTED. Of a catalogue or rules that it puts in
// force it has the version and not the text.
type DecisionCopy struct {
	event.Decision
	AcceptedSequence uint64
	// Version is that of the catalogue of an Adopt and of the rules of an AdoptRules.
	Version string
}

// Origin is what Restore brings the log back from, beside the log itself.
type Origin struct {
	// Verdicts and Decisions may be nil.
	Verdicts  VerdictCopies
	Decisions DecisionCopies
	// Catalogue and Rules are those of the settings. They are put in force by Person where the log
	// and the copies know of no catalogue.
	Catalogue *catalogue.Catalogue
	Rules     string
	Person    event.Person
	// Texts are those of more catalogues and rules that may have been in force. WithoutTexts goes on
	// without those of which there is no text; otherwise nothing is brought back.
	Texts        []string
	WithoutTexts bool
	// Discard accepts the loss also of accepted figures that only the copies have.
	Discard bool
}

// MissingTextsError says which catalogues and rules were in force of which nobody has the text.
type MissingTextsError struct{ Decisions []DecisionCopy }

// Error names them, and says what to do.
func (e *MissingTextsError) Error() string { return e.text().EN }

// Chinese says the same in Chinese.
func (e *MissingTextsError) Chinese() string { return e.text().ZH }

func (e *MissingTextsError) text() bilingual.Text {
	text := bilingual.Text{
		ZH: "未恢复任何内容：ACCEPTED 丢失了启用的目录或规则，而 ClickHouse 只有版本没有原文；请用 --text FILE 给出各文件，" +
			"或加 --without-texts 不再恢复它们，并在使用汇总数之前重新启用（citytally catalogue apply、citytally rules apply）：",
		EN: "nothing was brought back: ACCEPTED has lost what was in force, and ClickHouse has the version and not the text; give each file with --text FILE, " +
			"or go on without with --without-texts, and put them in force again before totals are used (citytally catalogue apply, citytally rules apply):",
	}
	for i := range e.Decisions {
		line := e.Decisions[i].describe()
		text.ZH, text.EN = text.ZH+"\n"+line.ZH, text.EN+"\n"+line.EN
	}
	return text
}

// describe is a line for a person.
func (d *DecisionCopy) describe() bilingual.Text {
	of := bilingual.Text{}
	switch d.Kind {
	case event.Adopt:
		of = bilingual.Text{ZH: "启用目录 " + d.Version, EN: "catalogue " + d.Version + " put in force"}
	case event.AdoptRules:
		of = bilingual.Text{ZH: "启用规则 " + d.Version, EN: "rules " + d.Version + " put in force"}
	case event.ExplainHeld, event.ReleaseHeld, event.RefuseHeld:
		of = bilingual.Text{
			ZH: fmt.Sprintf("%s报送 %s（%s）的待核实行 %v", decisionNames[d.Kind], d.Submission, d.Area, d.Rows),
			EN: fmt.Sprintf("%s of held rows %v of submission %s of %s", d.Kind, d.Rows, d.Submission, d.Area),
		}
	default:
		about := slices.DeleteFunc([]string{d.Period, d.Indicator, d.Area}, func(s string) bool { return s == "" })
		of = bilingual.Text{ZH: decisionNames[d.Kind] + " " + strings.Join(about, "、"), EN: string(d.Kind) + " of " + strings.Join(about, ", ")}
	}
	at := d.Decided().Format(time.RFC3339)
	return bilingual.Text{
		ZH: fmt.Sprintf("%s，%s 于 %s：%s", of.ZH, d.By, at, d.Reason),
		EN: fmt.Sprintf("%s by %s at %s: %s", of.EN, d.By, at, d.Reason),
	}
}

// decisionNames name the decisions in Chinese.
var decisionNames = map[event.DecisionKind]string{
	event.Lock: "锁定", event.Unlock: "解锁", event.Reopen: "重新开放", event.RevokeToken: "吊销令牌",
	event.ExplainHeld: "说明", event.ReleaseHeld: "采用", event.RefuseHeld: "退回",
}

// identity is the same for a decision and its copies, at whatever places.
func (d *DecisionCopy) identity() string {
	return fmt.Sprintf("%q", []any{d.Kind, d.Period, d.Indicator, d.Area, d.Reason, d.By, d.At, d.Version, d.Submission, d.Sequence, d.Rows})
}

// replaces names what a later decision of the same name takes the place of; "" is nothing.
func (d *DecisionCopy) replaces() string {
	switch d.Kind {
	case event.Adopt, event.AdoptRules:
		return string(d.Kind)
	case event.Lock, event.Unlock:
		return "lock of " + d.Period
	}
	return ""
}

// decisionRestorer brings back the decisions that ACCEPTED has lost, each after the figures that
// were there before it.
type decisionRestorer struct {
	*Validator
	lost     []DecisionCopy // that were not brought back yet, in order
	moved    []DecisionCopy // copies of those that are at another place now
	restored *Restored
}

// newDecisionRestorer returns one for the decisions that the copies have and the log lacks. It
// returns a MissingTextsError where it lacks the text of one.
func (v *Validator) newDecisionRestorer(ctx context.Context, from *Origin, restored *Restored) (*decisionRestorer, error) {
	r := &decisionRestorer{Validator: v, restored: restored}
	var copies []DecisionCopy
	if from.Decisions != nil {
		var err error
		if copies, err = from.Decisions.Decisions(ctx); err != nil {
			return nil, err
		}
	}
	texts := map[string]string{catalogue.VersionOf(nil): ""}
	for _, text := range append([]string{from.Catalogue.Text(), from.Rules}, from.Texts...) {
		texts[catalogue.VersionOf([]byte(text))] = text
	}
	known, latest := map[string]bool{}, map[string]int64{}
	inForce := false
	err := v.decisionsOnRecord(ctx, func(d *DecisionCopy) {
		known[d.identity()] = true
		inForce = inForce || d.Kind == event.Adopt
		if name := d.replaces(); name != "" {
			latest[name] = max(latest[name], d.At)
		}
	})
	if err != nil {
		return nil, err
	}
	missing := &MissingTextsError{}
	adopts := false
	for _, d := range copies {
		// What is revoked is brought back with the bucket of tokens, of which copies have no hash.
		if known[d.identity()] || d.At < latest[d.replaces()] || d.Kind == event.RevokeToken {
			continue
		}
		known[d.identity()] = true
		text, ok := texts[d.Version]
		switch {
		case d.Version == "":
		case !ok:
			missing.Decisions = append(missing.Decisions, d)
			continue
		case d.Kind == event.Adopt:
			d.Catalogue = text
		case d.Kind == event.AdoptRules:
			d.Rules = text
		}
		adopts = adopts || d.Kind == event.Adopt && len(missing.Decisions) == 0
		r.lost = append(r.lost, d)
	}
	if len(missing.Decisions) > 0 && !from.WithoutTexts {
		return nil, missing
	}
	for i := range missing.Decisions {
		r.name(&missing.Decisions[i], "its text is lost")
	}
	if !inForce && !adopts {
		first := event.Decision{Reason: "the catalogue and the rules of the settings, after the log had lost those before", By: from.Person.Name, At: v.now().UnixMilli(), Person: from.Person}
		c, rules := DecisionCopy{Decision: first}, DecisionCopy{Decision: first}
		c.Kind, c.Catalogue = event.Adopt, from.Catalogue.Text()
		rules.Kind, rules.Rules = event.AdoptRules, from.Rules
		r.lost = append([]DecisionCopy{c, rules}, r.lost...)
	}
	return r, nil
}

// decisionsOnRecord calls use with the decisions that ACCEPTED has.
func (v *Validator) decisionsOnRecord(ctx context.Context, use func(*DecisionCopy)) error {
	reading, atEnd := context.WithCancel(ctx)
	defer atEnd()
	err := v.log.Follow(reading, stream.FollowConfig{Stream: stream.Accepted, Subjects: []string{DecisionSubject}}, func(d stream.Delivery) error {
		batch, err := event.DecodeAccepted(d.Body)
		if event.IsPermanent(err) {
			return nil // it is a letter
		}
		if err != nil {
			return err
		}
		for i := range batch.Decisions {
			c := DecisionCopy{Decision: batch.Decisions[i], AcceptedSequence: d.Sequence}
			switch c.Kind {
			case event.Adopt:
				c.Version = catalogue.VersionOf([]byte(c.Catalogue))
			case event.AdoptRules:
				c.Version = catalogue.VersionOf([]byte(c.Rules))
			}
			use(&c)
		}
		return nil
	}, atEnd)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return err
}

// before brings back the decisions that were in ACCEPTED before a place there. One about held rows
// waits until those of its submission, which are judged up to a place in SUBMISSIONS, are there,
// and what was decided after it waits with it.
func (r *decisionRestorer) before(ctx context.Context, accepted, submission uint64) error {
	if r == nil {
		return nil
	}
	for len(r.lost) > 0 && r.lost[0].AcceptedSequence < accepted {
		n := slices.IndexFunc(r.lost, func(d DecisionCopy) bool { return d.AcceptedSequence != r.lost[0].AcceptedSequence })
		if n < 0 {
			n = len(r.lost)
		}
		message := r.lost[:n]
		if slices.ContainsFunc(message, func(d DecisionCopy) bool { return d.Sequence >= submission }) {
			return nil
		}
		if err := r.publish(ctx, message); err != nil {
			return err
		}
		r.lost = r.lost[n:]
	}
	return nil
}

// publish brings back the decisions of one message.
func (r *decisionRestorer) publish(ctx context.Context, message []DecisionCopy) error {
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	batch := &event.AcceptedBatch{}
	for i := range message {
		d := &message[i]
		if d.Sequence > 0 {
			holds := r.holdsOf(d)
			if len(holds) == 0 {
				r.name(d, "the log does not hold these rows")
				continue
			}
			if d.Rows = d.Rows[:0]; d.Kind == event.ReleaseHeld {
				batch.Submissions = append(batch.Submissions, releasedRows(holds, d.Decided()))
			}
			for _, h := range holds {
				d.Rows = append(d.Rows, uint32(h.ID.Row))
			}
		}
		batch.Decisions = append(batch.Decisions, d.Decision)
	}
	if len(batch.Decisions) == 0 {
		return nil
	}
	body, err := event.EncodeAccepted(batch)
	if err != nil {
		return err
	}
	published, err := r.log.Publish(ctx, stream.Message{Subject: DecisionSubject, Body: body})
	if err != nil {
		return fmt.Errorf("restore a decision: %w", err)
	}
	r.restored.Decisions += len(batch.Decisions)
	if was := message[0].AcceptedSequence; was == 0 { // of the settings
		r.logger.Warn().Str("catalogue", catalogue.VersionOf([]byte(message[0].Catalogue))).Msg("neither the log nor ClickHouse knows which catalogue was in force; that of the settings of this command is, from the log's beginning on")
	} else {
		for i := range batch.Decisions {
			d := &batch.Decisions[i]
			r.logger.Warn().Str("kind", string(d.Kind)).Str("by", d.By).Time("at", d.Decided()).Str("period", d.Period).Str("reason", d.Reason).Msg("ACCEPTED had lost this decision; it was brought back from ClickHouse")
		}
		if published[0].Sequence != was {
			r.moved = append(r.moved, message...)
		}
	}
	return r.ledger.Wait(ctx, published[0].Sequence)
}

// holdsOf returns the held rows that a decision can be about again.
func (r *decisionRestorer) holdsOf(d *DecisionCopy) (holds []*ledger.Hold) {
	for _, row := range d.Rows {
		h := r.ledger.Hold(event.HoldID{Sequence: d.Sequence, Row: int(row)})
		if h != nil && h.Submission.String() == d.Submission && (d.Kind == event.ExplainHeld || h.State == ledger.HoldPending) {
			holds = append(holds, h)
		}
	}
	return holds
}

// name has it told that a decision does not come back.
func (r *decisionRestorer) name(d *DecisionCopy, why string) {
	r.restored.lose(d.describe())
	r.logger.Error().Str("decision", d.describe().EN).Err(errors.New(why)).Msg("this decision does not come back; decide it again")
}
