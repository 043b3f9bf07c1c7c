package faults

import (
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Bounded is the plan, but a call meets two of its faults at most: who tries three times
// has an answer.
func Bounded(plan Plan) Plan {
	var mu sync.Mutex
	met := map[any]int{}
	return func(a Attempt) Fault {
		mu.Lock()
		defer mu.Unlock()
		if met[a.Input] == 2 {
			return None
		}
		fault := plan(a)
		if fault != None {
			met[a.Input]++
		}
		return fault
	}
}

// Soon is an option for dynamodb.New that makes the SDK's own pauses short.
func Soon(o *dynamodb.Options) {
	o.Retryer = retry.AddWithMaxBackoffDelay(o.Retryer, 20*time.Millisecond)
}
