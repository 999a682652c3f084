package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/token"
)

// Holds is a page of figures that are or were held, the latest first.
type Holds struct {
	// Basis is the sequence of ACCEPTED up to which the answer counts everything.
	Basis uint64         `json:"basis"`
	Holds []inquiry.Hold `json:"holds"`
	// Next is the address of the next page, "" on the last one.
	Next string `json:"next,omitempty"`
}

// Explanation is why held figures of a submission are right. Without Holds it is about all that
// are held of it.
type Explanation struct {
	Text  string   `json:"text"`
	Holds []string `json:"holds,omitempty"`
}

// HoldDecision releases or refuses held figures of a submission. Without Holds it is about all
// that are held of it.
type HoldDecision struct {
	// Decision is release or refuse.
	Decision event.DecisionKind `json:"decision"`
	Reason   string             `json:"reason"`
	Holds    []string           `json:"holds,omitempty"`
}

// AllHolds is the state that selects held figures whatever has become of them.
const AllHolds = "all"

// holdStates are the words of the query parameter state, the first where it is absent.
var holdStates = []string{"pending", "released", "refused", "superseded", AllHolds}

// listHolds answers GET /v1/holds. A token of an area sees those of its area alone.
func (g *Gateway) listHolds(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	query := r.URL.Query()
	wanted := inquiry.WantedHolds{Submission: query.Get("submission"), Before: query.Get("before"), State: query.Get("state")}
	if query.Get("area") != "" || who.Area != token.AnyArea {
		area, err := g.areaOf(query, who)
		if err != nil {
			return err
		}
		wanted.Area = area.Code
	}
	switch {
	case wanted.State == "":
		wanted.State = holdStates[0]
	case !slices.Contains(holdStates, wanted.State):
		words := strings.Join(holdStates, ", ")
		return queryProblem("state", "请求参数 state 应为 "+words+" 之一", "query parameter state: want one of "+words)
	case wanted.State == AllHolds:
		wanted.State = ""
	}
	if name := query.Get("dataset"); name != "" {
		if _, ok := g.catalogue().Dataset(name); !ok {
			return unprocessable(g.unknownDatasetProblem(name))
		}
		wanted.Dataset = name
	}
	if name := query.Get("indicator"); name != "" {
		indicator, _, ok := g.catalogue().FindIndicator(name)
		if !ok {
			return valueProblem("indicator", g.catalogue().UnknownIndicator(name))
		}
		wanted.Indicator = indicator.ID
	}
	if text := query.Get("period"); text != "" {
		period, err := catalogue.ReadPeriod(text, 0)
		if err != nil {
			return valueProblem("period", err)
		}
		wanted.Period = period.String()
	}
	if _, err := event.ParseHoldID(wanted.Before); wanted.Before != "" && err != nil {
		return queryProblem(wanted.Before, "请求参数 before 应为待核实数据的编号，例如 812.4", "query parameter before: "+err.Error())
	}
	limit, err := numberOf(query, "limit", pageSize, maxPageSize)
	if err != nil {
		return err
	}
	wanted.Limit = int(limit)
	return answer(g, w, r, func(ctx context.Context) (Holds, error) {
		told, err := inquiry.AskHolds(ctx, g.log, wanted)
		page := Holds{Basis: told.Basis, Holds: told.Holds}
		if n := len(told.Holds); n > 0 && told.HoldsOmitted > 0 {
			query.Set("before", told.Holds[n-1].ID)
			page.Next = r.URL.Path + "?" + query.Encode()
		}
		return page, err
	})
}

// getHold answers GET /v1/holds/{id}. For a token of another area the problem is the same as for
// a figure that was never held.
func (g *Gateway) getHold(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	unknown := newProblem(http.StatusNotFound, codeNotFound, "没有该编号的待核实数据，或该数据不属于此令牌的地区", "nothing is or was held under this id, or it is not of this token's area")
	id, err := event.ParseHoldID(r.PathValue("id"))
	if err != nil {
		return unknown
	}
	ctx, cancel := context.WithTimeout(r.Context(), inquiryTimeout)
	defer cancel()
	told, err := inquiry.AskHolds(ctx, g.log, inquiry.WantedHolds{Area: ownAreaOf(who), IDs: []string{id.String()}})
	switch {
	case err != nil:
		return g.inquiryProblem(w, err)
	case len(told.Holds) == 0:
		return unknown
	}
	return writeTaggedJSON(w, r, told.Holds[0])
}

// ownAreaOf returns the only area that a holder sees; "" is all.
func ownAreaOf(who token.Holder) string {
	if who.Area == token.AnyArea {
		return ""
	}
	return who.Area
}

// explain answers POST /v1/submissions/{id}/explanations.
func (g *Gateway) explain(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	var said Explanation
	if err := g.readSmallJSON(w, r, &said); err != nil {
		return err
	}
	return g.actOnHolds(w, r, who, inquiry.HoldAct{Kind: event.ExplainHeld, IDs: said.Holds, Text: said.Text})
}

// decideHolds answers POST /v1/submissions/{id}/decisions.
func (g *Gateway) decideHolds(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	var decided HoldDecision
	if err := g.readSmallJSON(w, r, &decided); err != nil {
		return err
	}
	if decided.Decision != event.ReleaseHeld && decided.Decision != event.RefuseHeld {
		seen := event.Excerpt(string(decided.Decision), maxExcerpt)
		return unprocessable(ProblemError{Code: "HOLD_DECISION", Field: "decision", Seen: seen,
			Detail: fmt.Sprintf("decision: want release or refuse, got %q", seen), DetailZH: fmt.Sprintf("decision 应为 release（采用）或 refuse（退回），收到的是 %q", seen)})
	}
	return g.actOnHolds(w, r, who, inquiry.HoldAct{Kind: decided.Decision, IDs: decided.Holds, Text: decided.Reason})
}

// actOnHolds has on record what a holder says or decides about held figures of the submission
// that a request names.
func (g *Gateway) actOnHolds(w http.ResponseWriter, r *http.Request, who token.Holder, act inquiry.HoldAct) error {
	act.Submission = r.PathValue("id")
	told, err := g.decide(w, r, who, act)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, Holds{Basis: told.Basis, Holds: told.Holds})
}

// decide has on record what a holder says or decides about held figures. The holder's own area
// bounds it, whatever the request names.
func (g *Gateway) decide(w http.ResponseWriter, r *http.Request, who token.Holder, act inquiry.HoldAct) (inquiry.Holds, error) {
	if err := g.stillIn(w, r, who); err != nil {
		return inquiry.Holds{}, err
	}
	act.Area, act.Person = ownAreaOf(who), who.Person()
	ctx, cancel := context.WithTimeout(r.Context(), inquiryTimeout)
	defer cancel()
	told, err := inquiry.Decide(ctx, g.log, act)
	if err != nil {
		return told, g.inquiryProblem(w, err)
	}
	if told.Refused != nil {
		return told, holdProblem(told.Refused)
	}
	return told, nil
}

// holdProblem returns the answer to an act that was refused.
func holdProblem(refused *inquiry.HoldProblem) *Problem {
	status, code, field := http.StatusConflict, codeConflict, "holds"
	switch refused.Code {
	case inquiry.HoldUnknown:
		status, code = http.StatusNotFound, codeNotFound
	case inquiry.HoldNotYours:
		status, code, field = http.StatusForbidden, codeRole, "token"
	case inquiry.HoldText:
		status, code, field = http.StatusUnprocessableEntity, codeUnprocessable, "text"
	}
	problem := newProblem(status, code, refused.ZH, refused.EN)
	problem.Errors = []ProblemError{{Code: refused.Code, Field: field, Detail: refused.EN, DetailZH: refused.ZH}}
	return problem
}

// maxSmallBody is the most bytes of a body that is no file.
const maxSmallBody = 64 << 10

// readSmallJSON reads a body of JSON whose members are all known and occur once.
func (g *Gateway) readSmallJSON(w http.ResponseWriter, r *http.Request, into any) error {
	if given := r.Header.Get("Content-Type"); given != "" {
		if media, _, err := mime.ParseMediaType(given); err != nil || media != "application/json" {
			return newProblem(http.StatusUnsupportedMediaType, codeMediaType, "此地址只接受 JSON；请加请求头 Content-Type: application/json", "this address takes JSON; send it with the header Content-Type: application/json")
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSmallBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return newProblem(http.StatusRequestEntityTooLarge, codeTooLarge, fmt.Sprintf("内容过长：最多 %d 字节", maxSmallBody), fmt.Sprintf("the body has more than %d bytes", maxSmallBody))
	}
	if err != nil {
		return g.bodyProblem(err)
	}
	if err := json.Unmarshal(body, into, json.RejectUnknownMembers(true)); err != nil {
		zh, en := event.ExplainJSON(err)
		problem := newProblem(http.StatusBadRequest, codeMalformed, "无法解析 JSON："+zh, "the JSON cannot be read: "+en)
		problem.Errors = []ProblemError{{Code: "MALFORMED", Field: "body", Seen: event.Excerpt(string(body), maxExcerpt), Detail: problem.Detail, DetailZH: problem.DetailZH}}
		return problem
	}
	return nil
}
