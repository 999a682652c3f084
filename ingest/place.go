package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

// identityAge is how long the gateway goes without looking which log it has, while its connection holds.
const identityAge = 10 * time.Second

// knownLog is which log the gateway has, as it was looked at last.
type knownLog struct {
	mu         sync.Mutex
	identity   stream.Identity
	lookedAt   time.Time
	reconnects uint64
}

// identity returns which log the gateway has.
func (g *Gateway) identity(ctx context.Context) (stream.Identity, error) {
	k := &g.knownLog
	k.mu.Lock()
	defer k.mu.Unlock()
	reconnects := g.log.Reconnects()
	if !k.lookedAt.IsZero() && k.reconnects == reconnects && time.Since(k.lookedAt) < identityAge {
		return k.identity, nil
	}
	identity, err := g.log.Identity(ctx)
	if err == nil {
		k.identity, k.lookedAt, k.reconnects = identity, time.Now(), reconnects
	}
	return identity, err
}

// setPlace writes into a receipt where in which log its submission is. A broker that does not
// answer leaves it out: the submission is durable without it.
func (g *Gateway) setPlace(ctx context.Context, r *Receipt) {
	if identity, err := g.identity(ctx); err == nil && identity.ID != "" && r.Sequence > 0 {
		r.Place = stream.Place{Log: identity, Sequence: r.Sequence}.String()
	}
}

// checkPlace returns a problem where the log has no submission with the id that a holder sees at the
// place that a receipt names, and says why not. A text of "" names none.
func (g *Gateway) checkPlace(ctx context.Context, w http.ResponseWriter, who token.Holder, id event.SubmissionID, text string) error {
	if text == "" {
		return nil
	}
	place, err := stream.ParsePlace(text)
	if err != nil {
		return queryProblem(event.Excerpt(text, maxExcerpt), "place 应为回执中的 place，如 k3w8q1zb6m2ha.1.42", "place: "+err.Error())
	}
	identity, err := g.identity(ctx)
	if err != nil {
		return g.unavailableProblem(w, err)
	}
	if place.Log.ID != identity.ID {
		return newProblem(http.StatusGone, codeOtherLog,
			"该回执出自另一套数据：服务器的数据此后已被替换，现有数据中没有该次报送；请重新报送，并告知运维人员",
			"the receipt is of another log: the server's data were replaced since, and that submission is not in them; send it again, and tell those who run citytally")
	}
	there, err := g.isAt(ctx, who, id, place.Sequence)
	if err != nil {
		return g.unavailableProblem(w, err)
	}
	if there {
		return nil
	}
	return g.absentProblem(ctx, w, place, identity)
}

// isAt reports whether the log has a submission with the id that a holder sees at a place, or the
// verdict on it.
func (g *Gateway) isAt(ctx context.Context, who token.Holder, id event.SubmissionID, sequence uint64) (bool, error) {
	_, err := g.receiptOfMessage(ctx, id, sequence)
	if g.isOthers(who, id) {
		return false, ignoreAbsent(err)
	}
	if err == nil || !errors.Is(err, errNoSubmission) {
		return err == nil, err
	}
	r, ok, err := g.receiptAt(ctx, listed{sequence: sequence, id: id})
	return ok && r.Sequence == sequence, ignoreAbsent(err)
}

func ignoreAbsent(err error) error {
	if errors.Is(err, errNoSubmission) {
		return nil
	}
	return err
}

// absentProblem says why the log does not have what a receipt of it names.
func (g *Gateway) absentProblem(ctx context.Context, w http.ResponseWriter, place stream.Place, present stream.Identity) error {
	extent, err := g.log.Extent(ctx, stream.Submissions)
	if err != nil {
		return g.unavailableProblem(w, err)
	}
	whyZH, whyEN := "在同一位置的是另一次报送", "another submission is in its place"
	switch {
	case place.Sequence > extent.Last:
		whyZH, whyEN = "现有数据止于其前", "it ends before that submission"
	case place.Sequence < extent.First:
		whyZH, whyEN = "其位置上的报送已超过保存期限或已丢失", "what was at its place has expired or was lost"
	}
	if place.Log.Generation < present.Generation {
		whyZH += fmt.Sprintf("，数据在出具回执后由备份恢复或重建过 %d 次", present.Generation-place.Log.Generation)
		whyEN += fmt.Sprintf(", and it was put back from a backup, or a stream of it created anew, %d times since the receipt", present.Generation-place.Log.Generation)
	}
	return newProblem(http.StatusGone, codeLost,
		"服务器的数据已退回到较早的状态："+whyZH+"；请重新报送，并告知运维人员",
		"the log went back to an older state: "+whyEN+"; send it again, and tell those who run citytally")
}

// lostProblem says that SUBMISSIONS has lost a submission that it would still keep by its age, and what
// remains; nil where it has expired.
func (g *Gateway) lostProblem(ctx context.Context, w http.ResponseWriter, receipt *Receipt) error {
	extent, err := g.log.Extent(ctx, stream.Submissions)
	if err != nil {
		return g.unavailableProblem(w, err)
	}
	if extent.KeptFor > 0 && time.Since(receipt.ReceivedAt) > extent.KeptFor {
		return nil
	}
	return newProblem(http.StatusGone, codeLost,
		"服务器丢失了原始报送（SUBMISSIONS），已无法确定其原文件；审核结果和已采用的数据仍在，汇总不受影响",
		"the stream SUBMISSIONS was lost with what was sent, and nothing says any more which file it came in; the verdict and the figures that were accepted are there, and totals are as they were")
}
