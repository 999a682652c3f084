package ledger

// confirmation is what stands for a figure that was sent again unchanged: the number of the
// submission that set it, and of the one that said the same last. All figures that one submission
// confirms of another share it, so that a file sent again costs 8 bytes, and not 8 for each figure.
type confirmation struct{ setter, latest uint32 }

// confirmedBit marks the number of a confirmation among those of submissions.
const confirmedBit = 1 << 31

// setter returns the number of the submission that set a figure: the first of those that brought
// it, since another one was in force.
func (l *Ledger) setter(f *packedFigure) uint32 {
	if f.source&confirmedBit != 0 {
		return l.confirmations[f.source&^confirmedBit].setter
	}
	return f.source
}

// lastSaid returns the number of the submission that said last what a figure says.
func (l *Ledger) lastSaid(f *packedFigure) uint32 {
	if f.source&confirmedBit != 0 {
		return l.confirmations[f.source&^confirmedBit].latest
	}
	return f.source
}

// saysSame reports whether two figures are one statement: the same value in the same unit, of the
// same stage, status and qualifier.
func (f *packedFigure) saysSame(g *packedFigure) bool {
	return f.coefficient == g.coefficient && f.unit == g.unit && f.stageAndStatus == g.stageAndStatus && f.scaleAndQualifier == g.scaleAndQualifier
}

// confirming returns a figure that takes the place of another: where it says the same, as a
// confirmation of that.
func (l *Ledger) confirming(f packedFigure, before *packedFigure) packedFigure {
	if before.status() != 0 && f.saysSame(before) && l.setter(before) != f.source {
		f.source = l.confirmation(confirmation{l.setter(before), f.source}) | confirmedBit
	}
	return f
}

// confirmation returns the number of a confirmation, a new one where the submission has not
// confirmed figures of that setter just before.
func (l *Ledger) confirmation(c confirmation) uint32 {
	last := len(l.confirmations) - 1
	for n := last; n >= 0 && last-n < confirmationsSought && l.confirmations[n].latest == c.latest; n-- {
		if l.confirmations[n] == c {
			return uint32(n)
		}
	}
	l.confirmations = append(l.confirmations, c)
	return uint32(last + 1)
}

// confirmationsSought is among how many confirmations one is sought: a submission mostly confirms
// figures of few others.
const confirmationsSought = 64
