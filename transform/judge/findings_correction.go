package judge

import (
	"fmt"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// correctedCode is the code of the finding on a figure that the bureau has corrected.
const correctedCode = "CORRECTED_BY_BUREAU"

func (r *checks) correctedByBureau(o *event.AcceptedObservation, state *ledger.CellState) *event.Finding {
	zh, en := correctionInWords(state)
	of := r.aboutRow(o)
	return reject(correctedCode, of.column, of.seen,
		fmt.Sprintf("%s已由市级%s（报送 %s，序号 %d），再次报送原数不改变该更正；有新的数据请另行报送，由市级核准", of.zh, zh, state.Submission, state.SetBy),
		fmt.Sprintf("the bureau has %s %s (submission %s, number %d), and the figure of before, sent again, does not undo that; a new figure is held for the bureau to release", en, of.en, state.Submission, state.SetBy))
}

// overCorrectionCode is the code of the finding on a new figure of what the bureau has corrected.
const overCorrectionCode = "OVER_CORRECTION"

func (r *checks) overCorrection(o *event.AcceptedObservation, state *ledger.CellState) *event.Finding {
	zh, en := correctionInWords(state)
	of := r.aboutRow(o)
	return hold(overCorrectionCode, of.column, of.seen, event.ByBureau,
		fmt.Sprintf("%s已由市级%s（报送 %s，序号 %d）；新报数据待市级核准后生效", of.zh, zh, state.Submission, state.SetBy),
		fmt.Sprintf("the bureau has %s %s (submission %s, number %d); this new figure counts once the bureau releases it", en, of.en, state.Submission, state.SetBy))
}

// correctionInWords says what the bureau has done.
func correctionInWords(state *ledger.CellState) (zh, en string) {
	if !state.Reported() {
		return "撤回", "withdrawn"
	}
	zh, en = inWords(&state.Best)
	if state.Best.Entity != nil {
		return "更正为 " + zh, "corrected to " + en
	}
	return "更正为 " + zh, "corrected to " + en + " the figure of"
}
