package syncquery

import "time"

// How long a client pauses, and for how long it holds others up. Found by simulating
// (see the table in the package's README).
const (
	// firstPause is how long a client waits at most before it looks again at what came
	// to nothing; each further time in a row doubles it, up to lastPause.
	firstPause = 50 * time.Millisecond
	lastPause  = 800 * time.Millisecond

	// A lock that others hold is asked for every 5 to 25 ms: at first half as often again,
	// then ever more often, down to a quarter of that, so that who has waited longest has
	// the best chance. The step is by how much the wait grows for one hundredth less.
	leastPoll = 5 * time.Millisecond
	mostPoll  = 25 * time.Millisecond
	pollStep  = 5 * time.Millisecond
	// When nothing has changed hands for quietAfter, the lock may never be freed, and is
	// asked for ever more seldom, up to slowest.
	quietAfter = 1500 * time.Millisecond
	deadAfter  = 30 * time.Second // so, too, when the endpoint was never seen free for so long
	slowest    = time.Second

	// courtesy is how long a client leaves alone what it has freed when others are about:
	// at least as long as most polls of theirs, or it would have it again before they see
	// it free.
	courtesy = 40 * time.Millisecond
	// about is for how long others are thought to be about after they were last seen.
	about = time.Second

	// holdCap is how long something is held while something else is waited for.
	holdCap = 250 * time.Millisecond
	// lookAgain is how often who waits with empty hands looks for another way.
	lookAgain = time.Second

	// readGrace is how long a reading that nobody waits for any more lets its last reads
	// come to their end: to free an endpoint while the server still reads there would be
	// a read without a lock.
	readGrace = 500 * time.Millisecond
)

// pause draws a time up to a ceiling that grows with the tries before it (full jitter),
// so that clients that met once don't meet again.
func (m *Machine) pause(before int) time.Duration {
	return m.draw(0, min(firstPause<<min(before, 10), lastPause))
}

// poll draws the time until somebody who has waited so long asks for an endpoint's lock
// again.
func (m *Machine) poll(name string, waited time.Duration) time.Duration {
	quiet := m.now - m.foreignAt
	if locked := m.now - m.view.freeAt[name]; name != "" && locked > deadAfter {
		quiet = max(quiet, locked)
	}
	if quiet > quietAfter {
		middle := min(quiet/30, slowest)
		return m.draw(middle/2, middle*3/2)
	}
	hundredths := max(25, 150-waited/pollStep)
	return m.draw(leastPoll*hundredths/100, mostPoll*hundredths/100)
}

// draw draws a time from least up to most.
func (m *Machine) draw(least, most time.Duration) time.Duration {
	return least + time.Duration(m.random.Int64N(int64(most-least)+1))
}

// othersAbout says whether somebody else was seen at work lately.
func (m *Machine) othersAbout() bool { return m.now-m.foreignAt < about }

// notBefore is when this client may lock again.
func (m *Machine) notBefore() time.Duration {
	if m.options.Without == CourtesyPause || !m.othersAbout() {
		return m.now
	}
	return max(m.now, m.releasedAt+courtesy)
}

// rests says whether this client leaves alone what it has freed; it is dispatched again
// when that is over.
func (m *Machine) rests() bool {
	earliest := m.notBefore()
	if earliest > m.now && m.resting == nil {
		m.resting = m.after(earliest-m.now, func() { m.resting = nil })
	}
	return earliest > m.now
}
