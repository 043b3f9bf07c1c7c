package histories_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	"lockstep/shared/operation"
)

var cmu sync.Mutex
var counts = map[string]int{}

func counting(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("zz", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			cmu.Lock()
			counts[operation.NameOf(ctx)+" "+awsmiddleware.GetOperationName(ctx)]++
			counts[awsmiddleware.GetOperationName(ctx)]++
			counts["total"]++
			cmu.Unlock()
			return next.HandleDeserialize(ctx, in)
		}), middleware.After)
	})
}

func report() { fmt.Fprintln(os.Stderr, counts, javaTicks()) }

func javaTicks() string {
	out, _ := exec.Command("bash", "-c", "cat /proc/$(pgrep -P $(ps -o ppid= -p "+strconv.Itoa(os.Getppid())+") java)/stat | awk '{print ($14+$15)/100}'").Output()
	var ru syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return fmt.Sprint("java CPU s ", string(out), " go CPU s ", float64(ru.Utime.Nano()+ru.Stime.Nano())/1e9)
}
