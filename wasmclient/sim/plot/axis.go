package plot

import (
	"math"
	"strconv"
)

// axis is linear, from 0 to a greatest value.
type axis struct {
	most       int64
	begin, end px // where 0 and the greatest value are
}

// at is where a value is.
func (a axis) at(value int64) px {
	share := float64(value) / float64(a.most)
	return a.begin + px(math.Round(share*float64(a.end-a.begin)))
}

// ticks returns the multiples of a round step, about that many.
func (a axis) ticks(about int64) (all []int64, step int64) {
	step = roundUp(max(1, a.most/about))
	for i := range a.most/step + 1 {
		all = append(all, i*step)
	}
	return all, step
}

// roundUp returns the least of 1, 2, 5, 10, 20, ... that is not below a value.
func roundUp(value int64) int64 {
	power := int64(1)
	for value > 5*power {
		power *= 10
	}
	for _, factor := range []int64{1, 2, 5} {
		if factor*power >= value {
			return factor * power
		}
	}
	return 10 * power
}

// inSeconds is a tick's label: nanoseconds, with the digits that its step needs.
func inSeconds(tick, step int64) string {
	if tick == 0 {
		return "0"
	}
	digits := 9
	for ; step >= 10 && digits > 0; step /= 10 {
		digits--
	}
	return strconv.FormatFloat(float64(tick)/1e9, 'f', digits, 64) + " s"
}
