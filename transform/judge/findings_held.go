package judge

import (
	"fmt"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// stillHeldCode is the code of the finding on a figure that is held already.
const stillHeldCode = "STILL_HELD"

func (r *checks) stillHeld(o *event.AcceptedObservation, h *ledger.Hold) *event.Finding {
	of := r.aboutRow(o)
	zh, en := "请说明情况", "explain it"
	if h.Releaser == event.ByBureau {
		zh, en = "待市级核准，可补充说明", "the bureau decides; an explanation helps"
	}
	finding := hold(stillHeldCode, of.column, of.seen, h.Releaser,
		fmt.Sprintf("%s此前已报送（报送 %s），待核实编号 %s；%s", of.sameZH, h.Submission, h.ID, zh),
		fmt.Sprintf("%s was sent before (submission %s) and is held as %s; %s", of.sameEN, h.Submission, h.ID, en))
	finding.Hold = h.ID.String()
	return finding
}

// heldSuperseded tells that a figure that was held is so no longer, as the row takes its place.
func (r *checks) heldSuperseded(o *event.AcceptedObservation, h *ledger.Hold) *event.Finding {
	of := r.aboutRow(o)
	zh, en := inWords(&h.Figure)
	return inform("HELD_SUPERSEDED", of.column, of.seen,
		fmt.Sprintf("此前待核实的%s %s（报送 %s，编号 %s）由本次填报取代，不再待核实", of.zh, zh, h.Submission, h.ID),
		fmt.Sprintf("this takes the place of %s as %s, which was held as %s (submission %s) and is so no longer", of.en, en, h.ID, h.Submission))
}

// heldStaysCode is the code of the finding on a figure that is in force, and was of the same
// content before, beside a later one that is held.
const heldStaysCode = "HELD_STAYS"

func (r *checks) heldStays(o *event.AcceptedObservation, h *ledger.Hold) *event.Finding {
	of := r.aboutRow(o)
	zh, en := inWords(&h.Figure)
	return inform(heldStaysCode, of.column, of.seen,
		fmt.Sprintf("相同内容此前已采用，仍然有效；其后报送的%s %s（报送 %s）仍待核实，编号 %s；如确需以本次填报取代，请注明再次报送", of.zh, zh, h.Submission, h.ID),
		fmt.Sprintf("the same content was accepted before and is in force; %s has since been reported as %s (submission %s), which stays held as %s; to take its place, say that this is meant again", of.en, en, h.Submission, h.ID))
}

// supersededByHeld is the finding on a figure of content that was sent before, which a later one
// that is held would supersede. It may be in force all the same.
func (r *checks) supersededByHeld(o *event.AcceptedObservation, h *ledger.Hold, inForce bool) *event.Finding {
	of := r.aboutRow(o)
	zh, en := inWords(&h.Figure)
	nowZH, nowEN := "", ""
	if inForce {
		nowZH, nowEN = "，仍然有效", " and is in force"
	}
	return reject(supersededCode, of.column, of.seen,
		fmt.Sprintf("相同内容此前已报送%s；%s其后改报 %s（报送 %s），待核实编号 %s，未作改动；如确需以本次填报取代，请注明再次报送", nowZH, of.zh, zh, h.Submission, h.ID),
		fmt.Sprintf("the same content was sent before%s; %s has since been reported as %s (submission %s), which is held as %s and stays so; to take its place, say that this is meant again", nowEN, of.en, en, h.Submission, h.ID))
}

// heldRefusedCode is the code of the finding on a figure that was held and that the bureau
// refused: when that very submission comes again, and when another one says the same.
const heldRefusedCode = "HELD_REFUSED"

// maxToldReason bounds what a finding tells of the reason for a refusal, in bytes: every row of
// a large file may have been refused for the same one. The hold has all of it.
const maxToldReason = 300

// refusedBefore is the finding on a figure that says the same as one that the bureau refused.
func (r *checks) refusedBefore(o *event.AcceptedObservation, h *ledger.Hold) *event.Finding {
	of := r.aboutRow(o)
	why := event.Excerpt(h.Decision.Text, maxToldReason)
	return hold(heldRefusedCode, of.column, of.seen, event.ByBureau,
		fmt.Sprintf("%s此前（报送 %s，编号 %s）已由市级 %s 退回：%s；再次报送须由市级核准后生效，可补充说明", of.sameZH, h.Submission, h.ID, h.Decision.Person.Name, why),
		fmt.Sprintf("%s (submission %s, held as %s) was refused by %s: %s; sent again, it counts once the bureau releases it, and an explanation helps", of.sameEN, h.Submission, h.ID, h.Decision.Person, why))
}

// heldRefused is the finding on a row that was held and that the bureau refused.
func heldRefused(h *ledger.Hold) *event.Finding {
	of := aboutHold(h)
	return reject(heldRefusedCode, of.column, of.seen,
		fmt.Sprintf("此数（编号 %s）经核实未予采用：%s；请更正后重新报送", h.ID, h.Decision.Text),
		fmt.Sprintf("this figure (%s) was held and has been refused: %s; correct it and send it again", h.ID, h.Decision.Text))
}

// aboutHold is what a finding on a row that was held stands at.
func aboutHold(h *ledger.Hold) about {
	if h.Entity != nil {
		return about{column: "entity", seen: h.Entity.Code}
	}
	return about{column: "value", seen: h.Value.String()}
}
